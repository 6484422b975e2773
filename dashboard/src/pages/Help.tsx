// The dialog with the single keys, and the switch that turns them off.

import { useEffect, useRef } from "preact/hooks";
import { shortcutsOn, switchShortcuts } from "../state/settings";
import { words } from "../words";

export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const w = words();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby="helptitle" onClose={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      <div class="dialog">
        <h2 id="helptitle">{w.helpDialog.title}</h2>
        <p>
          <label><input type="checkbox" checked={shortcutsOn.value} onChange={(event) => switchShortcuts(event.currentTarget.checked)} /> {w.helpDialog.on}</label>
        </p>
        <dl class="keys">
          {w.helpDialog.keys.map(([keys, what]) => (
            <div key={keys}>
              <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p class="note">{w.helpDialog.note}</p>
        <p><a href="/reading" onClick={onClose}>{w.nav.reading}</a></p>
        <p><button type="button" onClick={onClose}>{w.close}</button></p>
      </div>
    </dialog>
  );
}
