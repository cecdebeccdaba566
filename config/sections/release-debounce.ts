/**
 * In milliseconds. A contact bounces longer when it opens than when it closes. If the release of a button counts too early, one
 * press becomes two. With `double`, the first press must count as released before a quick finger presses again, 80 ms later. Our
 * choice, measured with `npm run bench -- debounce`.
 */
const usualMs = 100;
const withDoubleMs = 60;

/** How long the level must be stable before a button counts as released, in milliseconds: as configured, or else by its gestures. */
export function releaseDebounceMsOf(button: {
  readonly debounceMs: number;
  readonly releaseDebounceMs?: number;
  readonly gestures: readonly string[];
}): number {
  const byGestures = button.gestures.includes('double') ? withDoubleMs : usualMs;
  return button.releaseDebounceMs ?? Math.max(button.debounceMs, byGestures);
}
