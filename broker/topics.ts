// Topic names and topic filters as MQTT defines them (MQTT 5, section 4.7; the same in 3.1.1).

/** True for a topic that a message may be published to: not empty, without wildcards and without U+0000. */
export function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#\0]/.test(topic);
}

/** True for a filter whose wildcards stand where MQTT allows them. */
export function isTopicFilter(filter: string): boolean {
  if (filter === '' || filter.includes('\0')) return false;
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level.includes('#')) return level === '#' && index === levels.length - 1;
    return !level.includes('+') || level === '+';
  });
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/** Whether a topic is matched by a filter. `a/#` matches `a` too; a wildcard in front does not match `$...`. */
export function matches(filter: string, topic: string): boolean {
  return hasWildcard(filter) ? levelsMatch(filter.split('/'), topic.split('/')) : filter === topic;
}

/** The same of both in their levels, for who compares many of them. */
export function levelsMatch(wanted: readonly string[], levels: readonly string[]): boolean {
  const [first = ''] = levels;
  if (first.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (let index = 0; index < wanted.length; index += 1) {
    const level = wanted[index];
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
