// Text of others (whoever may publish) on a terminal.

/** It must not steer the terminal, nor fill it. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\uFFFD').slice(0, 1_000);
}
