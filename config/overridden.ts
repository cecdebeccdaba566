// Says where a variable leads a process elsewhere than its file does. That a variable beats the file is meant; but one that
// stands in a shell for something else (ARGOCD_SERVER, for the argocd command) would be followed silently.
import type { Given, Layer } from './layers.ts';

/** With whom a process talks. */
const places = ['mqtt.url', 'argocd.server'];

/**
 * @param variables the layers of the environment
 * @param winners what counts in the end, by path: a flag is typed on purpose, and nothing is said of it
 * @returns a warning for each place that file and variable give differently; values of the file are not shown, since nobody has
 * looked yet whether they are well-formed
 */
export function overriddenPlaces(
  file: Layer,
  variables: readonly Layer[],
  winners: ReadonlyMap<string, Given>,
): readonly string[] {
  return places.flatMap((path) => {
    const inFile = file.given.get(path);
    const winner = winners.get(path);
    const isVariable = variables.some(({ given }) => given.has(path) && given.get(path) === winner);
    if (inFile === undefined || winner === undefined || !isVariable || inFile.value === winner.value)
      return [];
    const variable = winner.origin;
    return [
      `${path} is ${String(winner.value)}, from ${variable}; ${inFile.origin} says otherwise and does not count: unset ${variable}, or take ${path} out of the file`,
    ];
  });
}
