/**
 * A contact that opens bounces for longer than one that closes, and a release that counts too early makes two presses of
 * one. With `double`, the second press of a quick finger (80 ms later) must find the first one released. Ours; measured by
 * npm run bench -- debounce.
 */
const usualMs = 100;
const withDoubleMs = 60;

/** How long the release of a button must hold, in ms: as configured, or else by its gestures. */
export function releaseDebounceMsOf(button: {
  readonly debounceMs: number;
  readonly releaseDebounceMs?: number;
  readonly gestures: readonly string[];
}): number {
  const byGestures = button.gestures.includes('double') ? withDoubleMs : usualMs;
  return button.releaseDebounceMs ?? Math.max(button.debounceMs, byGestures);
}
