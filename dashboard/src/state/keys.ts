// What a key press means as a shortcut. Pure, so that it is tested without a browser.

/** The name under which a key press is looked up; undefined where it is no shortcut. */
export function keyOf(event: KeyboardEvent): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return undefined;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}
