// Renders every file that is generated from the rows of messages/, as path and content. It reads and writes no file.
import { channels } from '../messages/all.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { formsOf, rowNames, wireOf } from './message-forms.ts';
import { mqttPagePath, renderMqttPage } from './mqtt-page.ts';

export const schemasPath = 'docs/schemas';

/**
 * @param page the current docs/mqtt.md; the text outside the markers stays
 * @returns file contents by path from the root of the repository
 */
export function renderDocuments(page: string): ReadonlyMap<string, string> {
  const files = new Map([
    ['docs/asyncapi.json', toJson(asyncApiDocument())],
    [mqttPagePath, renderMqttPage(page)],
  ]);
  for (const form of rowNames.flatMap(formsOf)) {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: `${channels[form.row].template} (${form.contentType})`,
      description: channels[form.row].about.summary,
      ...form.schema,
      examples: [form.contentType === 'text/plain' ? wireOf(form) : form.example],
    };
    files.set(`${schemasPath}/${form.name}.json`, toJson(schema));
  }
  return files;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
