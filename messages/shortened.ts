// Shortens foreign text for messages to people.

/** The text, cut with an ellipsis if it is longer. @param most in characters, without the ellipsis */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
