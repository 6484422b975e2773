// A button that copies a text and says that it did.

import { useState } from "preact/hooks";
import { words } from "../words";

const SHOWN_MS = 2_000;

/** The clipboard needs https or loopback; elsewhere the text is selected by the old way. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function Copy({ text, label, class: name = "small" }: { text: () => string; label: string; class?: string }) {
  const [done, setDone] = useState(false);
  const onClick = () => {
    void copy(text()).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), SHOWN_MS);
    });
  };
  return (
    <button type="button" class={name} onClick={onClick}>
      <span aria-live="polite">{done ? words().chart.copied : label}</span>
    </button>
  );
}
