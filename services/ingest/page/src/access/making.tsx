/** Make an API key; it is shown once, to be copied. */

import { useRef, useState } from "preact/hooks";
import { createKey, type Role } from "../api/access";
import type { NewKey } from "../api/schema";
import { useDoing } from "../api/useDoing";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Failure } from "../components/states";
import { moment } from "../format";

const ROLES: readonly (readonly [Role, string])[] = [
  ["users", "users: read, upload"],
  ["analysts", "analysts: also search, ask, export, costs, redo"],
  ["admins", "admins: everything"],
];

interface MadeProps {
  readonly made: NewKey;
  readonly close: () => void;
}

function Made({ made, close }: MadeProps) {
  const field = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState("");
  const copy = () => {
    field.current?.select();
    const copied = navigator.clipboard?.writeText(made.key) ?? Promise.reject(); // none without TLS
    copied.then(
      () => setTold("Copied."),
      () => setTold("Press Ctrl+C or ⌘C to copy it."),
    );
  };
  return (
    <Dialog title={`The key “${made.label}”`} close={close}>
      <div class="form">
        <p class="note tone-warn">It is shown this once. Keep it where passwords are kept.</p>
        <label class="field">
          API key
          <input ref={field} class="input code" readOnly value={made.key} />
        </label>
        <p class="muted small">
          {made.expires_at ? `It works until ${moment(made.expires_at)}.` : "It never expires."}
        </p>
      </div>
      <footer>
        <span class="muted small" role="status">
          {told}
        </span>
        <button type="button" class="button primary" onClick={copy}>
          Copy
        </button>
        <button type="button" class="button" onClick={close}>
          Done
        </button>
      </footer>
    </Dialog>
  );
}

interface MakingProps {
  readonly created: (made: NewKey) => void;
  readonly close: () => void;
}

function Making({ created, close }: MakingProps) {
  const { busy, problem, run } = useDoing();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const days = Number(given.get("days"));
    run(createKey(String(given.get("label")).trim(), given.get("role") as Role, days || null), created);
  };
  return (
    <Dialog title="Make a key" close={close}>
      <form class="form" onSubmit={submit}>
        <label class="field">
          What it is for
          <input
            class="input"
            name="label"
            required
            maxLength={100}
            placeholder="crm export"
            autocomplete="off"
          />
        </label>
        <label class="field">
          Role
          <select class="input" name="role">
            {ROLES.map(([role, told]) => (
              <option key={role} value={role}>
                {told}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Days that it works; empty: until it is revoked
          <input class="input" name="days" type="number" min={1} max={3650} value={90} />
        </label>
        {problem && <Failure problem={problem} />}
        <footer>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            Make the key
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export function MakeKey({ made }: { readonly made: () => void }) {
  const [asking, setAsking] = useState(false);
  const [key, setKey] = useState<NewKey | null>(null);
  const created = (found: NewKey) => {
    setAsking(false);
    setKey(found);
    made();
  };
  return (
    <>
      <button type="button" class="button primary" onClick={() => setAsking(true)}>
        <Icon name="access" /> Make a key
      </button>
      {asking && <Making created={created} close={() => setAsking(false)} />}
      {key && <Made made={key} close={() => setKey(null)} />}
    </>
  );
}
