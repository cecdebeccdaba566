// Templates that Home Assistant evaluates (Jinja). Each looks first whether there is JSON at all: a topic that is emptied
// would otherwise write errors into its log.

/** @param value an expression of `value_json` @param otherwise an expression for what is no JSON */
export function ofJson(value: string, otherwise: string): string {
  return `{{ ${value} if value_json is defined else ${otherwise} }}`;
}

/** The state of a sensor: what is missing is unknown. */
export function stateOf(member: string): string {
  return ofJson(`value_json.${member} | default(None)`, 'None');
}

/** `on` or `off`, by an expression of `value_json`; what is no JSON is unknown. */
export function onWhen(condition: string): string {
  return `{{ ('on' if ${condition} else 'off') if value_json is defined else None }}`;
}

/** `online` or `offline`, by an expression of `value_json`; what is no JSON is offline. */
export function onlineWhen(condition: string): string {
  return `{{ 'online' if value_json is defined and ${condition} else 'offline' }}`;
}

/** `'<member>': <its value>` for each, in this order; a missing one is none. */
function entriesOf(members: readonly string[]): string {
  return members.map((member) => `'${member}': value_json.${member} | default(None)`).join(', ');
}

/**
 * The options of an entity whose attributes are these members of a topic's JSON.
 * @param computed further ones, each an expression of `value_json`
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

/** An event with its type and these members as attributes. @param type an expression of `value_json` */
export function eventOf(type: string, members: readonly string[]): string {
  return ofJson(`{'event_type': ${type}, ${entriesOf(members)}} | tojson`, "''");
}

/** A string within an expression. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
