// Templates that Home Assistant evaluates (Jinja). Each first asks whether there is JSON: without that, Home Assistant would
// log an error whenever a topic is cleared.

/** @param value an expression of `value_json` @param otherwise an expression for a payload that is no JSON */
export function ofJson(value: string, otherwise: string): string {
  return `{{ ${value} if value_json is defined else ${otherwise} }}`;
}

/** The state of a sensor. A missing member is unknown. */
export function stateOf(member: string): string {
  return ofJson(`value_json.${member} | default(None)`, 'None');
}

/** `on` or `off`, by an expression of `value_json`. A payload that is no JSON is unknown. */
export function onWhen(condition: string): string {
  return `{{ ('on' if ${condition} else 'off') if value_json is defined else None }}`;
}

/** `online` or `offline`, by an expression of `value_json`. A payload that is no JSON is offline. */
export function onlineWhen(condition: string): string {
  return `{{ 'online' if value_json is defined and ${condition} else 'offline' }}`;
}

/** `'<member>': <its value>` for each member. A missing one is none. */
function entriesOf(members: readonly string[]): string {
  return members.map((member) => `'${member}': value_json.${member} | default(None)`).join(', ');
}

/**
 * The options of an entity whose attributes are members of a topic's JSON.
 * @param computed further attributes, each an expression of `value_json`
 */
export function attributes(
  topic: string,
  members: readonly string[],
  computed: Readonly<Record<string, string>> = {},
): { readonly json_attributes_topic: string; readonly json_attributes_template: string } {
  return {
    json_attributes_topic: topic,
    json_attributes_template: ofJson(
      `{${[entriesOf(members), ...Object.entries(computed).map(([name, value]) => `'${name}': ${value}`)].join(', ')}} | tojson`,
      "'{}'",
    ),
  };
}

/** An event with its type, and with these members as attributes. @param type an expression of `value_json` */
export function eventOf(type: string, members: readonly string[]): string {
  return ofJson(`{'event_type': ${type}, ${entriesOf(members)}} | tojson`, "''");
}

/** A string literal in an expression. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
