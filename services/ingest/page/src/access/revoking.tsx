/** Revoke an API key, after asking whether that is meant. */

import { useState } from "preact/hooks";
import { revokeKey } from "../api/access";
import type { ToldKey } from "../api/schema";
import { Confirming } from "../components/confirming";

interface RevokeProps {
  readonly of: ToldKey;
  readonly revoked: () => void;
}

export function RevokeKey({ of, revoked }: RevokeProps) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        Revoke<span class="visually-hidden"> {of.label}</span>
      </button>
      {asking && (
        <Confirming
          title={`Revoke “${of.label}”?`}
          word="Revoke the key"
          danger
          act={() => revokeKey(of.key_id)}
          done={revoked}
          close={close}
        >
          <p>Whatever uses this key is let in no longer, from now on. This cannot be undone.</p>
        </Confirming>
      )}
    </>
  );
}
