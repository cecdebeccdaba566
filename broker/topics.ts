// Topic names and topic filters as MQTT defines them (MQTT 5, section 4.7; the same in 3.1.1).

/** True if a message may be published to this topic: not empty, no wildcard, no U+0000. */
export function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#\0]/.test(topic);
}

/** True if each wildcard of the filter is in a place that MQTT allows. */
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

/** True if the filter matches the topic. `a/#` also matches `a`; a leading wildcard does not match `$...`. */
export function matches(filter: string, topic: string): boolean {
  return hasWildcard(filter) ? levelsMatch(filter.split('/'), topic.split('/')) : filter === topic;
}

/** Like `matches`, with topic and filter already split into levels, for callers that compare many. */
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
