// Writes the generated part of docs/mqtt.md: a table of all topics, then each topic with its payload and an example.
import { channels } from '../messages/all.ts';
import type { RowName } from './message-examples.ts';
import { formsOf, rowNames, wireOf, type Form, type JsonSchema } from './message-forms.ts';
import { withGeneratedPart } from './generated-part.ts';
import { membersOf, typeOf } from './schema-members.ts';

export const mqttPagePath = 'docs/mqtt.md';

/** @param page the current docs/mqtt.md @throws Error if its markers are missing */
export function renderMqttPage(page: string): string {
  return withGeneratedPart(mqttPagePath, page, generatedPart());
}

/** Keeps Prettier away from the tables, because it would pad the cells with spaces. */
function generatedPart(): string {
  return [
    '<!-- prettier-ignore-start -->',
    '',
    '| Topic below the prefix | From | QoS | Retained | Expires | Payload |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rowNames.map(tableLine),
    '',
    ...rowNames.flatMap(section),
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}

function tableLine(row: RowName): string {
  const { template, about, delivery } = channels[row];
  const cells = [
    `[\`${template}\`](#${anchorOf(template)})`,
    about.from.join(', '),
    delivery.qos,
    delivery.kind === 'state' ? 'yes' : 'no',
    delivery.expirySeconds === undefined ? 'no' : `after ${delivery.expirySeconds} s`,
    formsOf(row).map(kindOf).join(', or '),
  ];
  return `| ${cells.join(' | ')} |`;
}

function section(row: RowName): string[] {
  const { template, about } = channels[row];
  return [`### \`${template}\``, '', about.summary, '', ...formsOf(row).flatMap(payload)];
}

function payload(form: Form): string[] {
  const isText = form.contentType === 'text/plain';
  const what = `${isText ? 'Bare text' : 'JSON'} ([schema](schemas/${form.name}.json))`;
  const tables = (form.schema.anyOf ?? [form.schema]).map(memberTable);
  const hasMembers = tables.some((table) => table.length > 0);
  return [
    ...(hasMembers
      ? [`${what}:`, '', ...tables.flatMap((table, index) => [...(index > 0 ? ['or:', ''] : []), ...table])]
      : [`${what}: ${typeOf(form.schema)}.`, '']),
    isText ? '```text' : '```json',
    isText ? wireOf(form) : JSON.stringify(form.example, undefined, 2),
    '```',
    '',
  ];
}

function memberTable(schema: JsonSchema): string[] {
  const members = membersOf(schema);
  if (members.length === 0) return [];
  return [
    '| Member | Type | Required |',
    '| --- | --- | --- |',
    ...members.map(({ path, type, optional }) => `| \`${path}\` | ${type} | ${optional ? 'no' : 'yes'} |`),
    '',
  ];
}

function kindOf({ contentType }: Form): string {
  return contentType === 'text/plain' ? 'bare text' : 'JSON';
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^a-z0-9 _-]/g, '');
}
