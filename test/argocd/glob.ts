/** `*` stands for any text, including slashes. */
export function globPattern(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll('*', '.*')}$`);
}
