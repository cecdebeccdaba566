// Every file that is generated from the rows, as path and content; nothing is read or written here.
import { channels } from './all.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { formsOf, rowNames, wireOf } from './forms.ts';
import { renderPage } from './page.ts';

export const pagePath = 'docs/mqtt.md';
export const schemasPath = 'docs/schemas';

/**
 * @param page docs/mqtt.md as it is: what is written by hand around the markers stays
 * @returns contents by path below the root of the repository
 */
export function renderDocuments(page: string): ReadonlyMap<string, string> {
  const files = new Map([
    ['docs/asyncapi.json', toJson(asyncApiDocument())],
    [pagePath, renderPage(page)],
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
