/** What the sender knows of the call; nothing of it is needed. */

const TEXTS = [
  ["agent", "Agent", "Dana"],
  ["customer", "Customer", "Susan Miller"],
  ["company_name", "Company", "Bluebird"],
  ["call_type", "Kind of call", "demo"],
  ["channel_roles", "Who speaks on channel 1, 2 …", "agent,customer"],
] as const;

export function Details() {
  return (
    <details class="card details">
      <summary>
        <b>Details</b> <span class="muted">optional, for the recordings added next</span>
      </summary>
      <div class="filters">
        {TEXTS.map(([name, label, example]) => (
          <label key={name} class="field">
            {label}
            <input class="input" name={name} placeholder={example} maxLength={200} autocomplete="off" />
          </label>
        ))}
        <label class="field">
          Direction
          <select class="input" name="direction">
            <option value="">Not known</option>
            <option value="inbound">Inbound</option>
            <option value="outbound">Outbound</option>
          </select>
        </label>
        <label class="field">
          Began
          <input class="input" type="datetime-local" name="started_at" />
        </label>
      </div>
    </details>
  );
}
