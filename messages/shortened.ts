// Text of others in a message for people.

/** The text, cut with an ellipsis where it is longer. @param most in characters, without the ellipsis */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
