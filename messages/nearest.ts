// Finds the known name nearest to a misspelt one, for members of messages, keys and names.

/** Edits (insert, delete, replace, swap neighbours) from `a` to `b`: the restricted Damerau-Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** No known name is similar to a name longer than this. */
const longestName = 100;
/** Compares at most this many known names, because all names of a large installation would delay the process. */
const comparedMax = 1_000;

/** The most similar known name, unless it differs in more than a third of its letters (at least 2), or in half of them. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  const plain = simplify(name);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known.slice(0, comparedMax)) {
    const limit = Math.max(2, Math.floor(candidate.length / 3));
    const other = simplify(candidate);
    // The distance is at least the difference in length.
    if (Math.abs(other.length - plain.length) > limit) continue;
    const distance = editDistance(plain, other);
    if (
      distance <= limit &&
      distance * 2 < Math.max(plain.length, candidate.length) &&
      distance < (best?.distance ?? Infinity)
    ) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** Ignores case, `-` and `_`: `keep-alive-seconds` is near `keepAliveSeconds`. */
function simplify(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

const namedAtMost = 10;

/** Follows a sentence about an unknown name, and lists the known ones: `Did you mean main? Known: main, side`. */
export function whatThereIs(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'There are none';
  const near = nearest(name, known);
  const more = known.length - namedAtMost;
  const all = known.slice(0, namedAtMost).join(', ');
  return `${near === undefined ? '' : `Did you mean ${near}? `}Known: ${all}${more > 0 ? ` and ${more} more` : ''}`;
}
