// What is logged, and how it looks.
import { section } from '../section.ts';
import { setting } from '../setting.ts';
import { oneOf } from '../formats.ts';

export const log = section({
  level: setting(oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    doc: 'The lowest level that is logged.',
    default: 'info',
  }),
  format: setting(oneOf(['auto', 'json', 'pretty']), {
    doc: 'json: one object per line. pretty: for people. auto: pretty on a terminal, otherwise json.',
    default: 'auto',
  }),
});
