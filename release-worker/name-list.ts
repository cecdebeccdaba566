// Names of applications in a sentence.

/** The first few names, and how many more there are. */
export function nameList(keys: readonly string[]): string {
  const shown = 5;
  const more = keys.length - shown;
  return `${keys.slice(0, shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
