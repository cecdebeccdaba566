// Makes text that other clients published safe to print on a terminal.

/** Replaces control characters, which could steer the terminal, and shortens the text. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\uFFFD').slice(0, 1_000);
}
