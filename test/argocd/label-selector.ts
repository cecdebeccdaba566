// Kubernetes label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

export type Selector = (labels: Record<string, string> | undefined) => boolean;

/** The matcher of the selector, or Kubernetes' message if the selector is invalid. */
export function parseSelector(text: string): Selector | { problem: string } {
  const tokens = [...text.matchAll(/!=|==|=|!|\(|\)|,|[^\s!=(),]+|\S/g)].map(([token]) => token);
  const requirements: Selector[] = [];
  let at = 0;
  const isWord = (token: string | undefined): token is string =>
    token !== undefined && /^[^!=(),]+$/.test(token);
  const problem = (found: string | undefined, expected: string): { problem: string } => ({
    problem: `unable to parse requirement: found '${found ?? ''}', expected: ${expected}`,
  });

  while (at < tokens.length) {
    const negated = tokens[at] === '!';
    if (negated) at += 1;
    const key = tokens[at];
    if (!isWord(key)) return problem(key, 'identifier');
    at += 1;
    const operator = tokens[at];
    if (operator === undefined || operator === ',') {
      requirements.push((labels) => (labels?.[key] !== undefined) !== negated);
    } else if (negated) {
      return problem(operator, "',' or end of string");
    } else if (operator === '=' || operator === '==' || operator === '!=') {
      at += 1;
      const value = isWord(tokens[at]) ? (tokens[at] ?? '') : '';
      if (isWord(tokens[at])) at += 1;
      requirements.push((labels) => (labels?.[key] === value) === (operator !== '!='));
    } else if (operator === 'in' || operator === 'notin') {
      if (tokens[at + 1] !== '(') return problem(tokens[at + 1], "'('");
      at += 2;
      const values: string[] = [];
      for (; tokens[at] !== ')'; at += 1) {
        const token = tokens[at];
        if (isWord(token)) values.push(token);
        else if (token !== ',') return problem(token, "',', ')' or identifier");
      }
      at += 1;
      requirements.push((labels) => {
        const value = labels?.[key];
        const isListed = value !== undefined && values.includes(value);
        return isListed === (operator === 'in');
      });
    } else {
      return problem(operator, 'in, notin, =, ==, !=, gt, lt');
    }
    if (at < tokens.length && tokens[at] !== ',') return problem(tokens[at], "',' or 'end of string'");
    at += 1;
  }
  return (labels) => requirements.every((requirement) => requirement(labels));
}
