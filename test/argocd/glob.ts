/** `*` stands for anything, slashes too. */
export function globPattern(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll('*', '.*')}$`);
}
