import { describe, expect, test } from 'vitest';
import { firstVersion, versionAfterClose } from '../../../service/link/refusal.ts';
import { describeClose } from '../../../service/link/wording.ts';
import type { CloseReason } from '../../../service/link/wire.ts';

describe('the version of the next try', () => {
  const silent: CloseReason = { reached: 'transport' };
  const after = (...reasons: CloseReason[]) => reasons.reduce(versionAfterClose, firstVersion).version;

  test.each<[string, CloseReason[], 4 | 5]>([
    ['one silent close', [silent], 5],
    ['two silent closes', [silent, silent], 4],
    ['four silent closes', [silent, silent, silent, silent], 5],
    ['silent closes with another failure between them', [silent, { reached: 'nothing' }, silent], 5],
    [
      'a silent close, a refusal, a silent close',
      [silent, { reached: 'transport', connack: 0x88 }, silent],
      5,
    ],
    ['CONNACK 1', [{ reached: 'transport', connack: 1 }], 4],
    ['CONNACK 0x84', [{ reached: 'transport', connack: 0x84 }], 4],
    [
      'a refusal of both versions',
      [
        { reached: 'transport', connack: 0x84 },
        { reached: 'transport', connack: 1 },
      ],
      5,
    ],
    ['a wrong password', [{ reached: 'transport', connack: 0x86 }], 5],
    ['silence of a broker that once accepted', [{ reached: 'accepted' }, silent, silent, silent], 5],
    [
      'two timeouts of ours',
      [
        { ...silent, because: 'no-answer' },
        { ...silent, because: 'no-answer' },
      ],
      5,
    ],
    ['broken TLS', [{ reached: 'tcp' }, { reached: 'tcp' }, { reached: 'tcp' }], 5],
  ])('is right after %s', (_, reasons, version) => {
    expect(after(...reasons)).toBe(version);
  });
});

describe('the message for the end of a connection', () => {
  const url = new URL('mqtts://user:hidden@broker.example:8883/path');

  test.each<[CloseReason, string]>([
    [{ reached: 'nothing', code: 'EHOSTUNREACH' }, 'there is no route to this host (EHOSTUNREACH)'],
    [
      { reached: 'nothing', code: 'EAI_AGAIN' },
      'the host name broker.example cannot be resolved (EAI_AGAIN)',
    ],
    [{ reached: 'nothing', because: 'no-answer' }, 'no answer within 10 s; is the host up'],
    [{ reached: 'nothing', code: 'EPERM', error: 'connect EPERM' }, 'connect EPERM; is the broker running'],
    [{ reached: 'nothing' }, 'the connection was closed; is the broker running'],
    [{ reached: 'tcp', code: 'CERT_HAS_EXPIRED', error: 'x' }, 'its certificate has expired'],
    [{ reached: 'tcp', code: 'CERT_NOT_YET_VALID', error: 'x' }, 'check the clock of this machine'],
    [{ reached: 'tcp', because: 'no-answer' }, 'no answer to the TLS greeting within 10 s'],
    [
      { reached: 'tcp', code: 'ECONNRESET', error: 'read ECONNRESET' },
      'read ECONNRESET; does this port use TLS?',
    ],
    [
      { reached: 'transport', because: 'not-mqtt', error: 'bad flags' },
      'is not MQTT (bad flags): is it an MQTT broker',
    ],
    [{ reached: 'transport', connack: 2 }, 'it does not accept the client id'],
    [{ reached: 'transport', connack: 0x87 }, 'allow this client on the broker'],
    [{ reached: 'accepted' }, 'the connection to the broker at mqtts://broker.example:8883 was lost'],
    [{ reached: 'accepted', error: 'read ECONNRESET' }, 'was lost (read ECONNRESET)'],
    [{ reached: 'accepted', disconnect: 0 }, 'ended the connection: it gave no reason'],
    [{ reached: 'accepted', disconnect: 0x8d }, 'it has heard nothing from us for too long (0x8d)'],
    [{ reached: 'accepted', disconnect: 0x8e }, 'is this process running twice?'],
    [{ reached: 'accepted', disconnect: 0xa2 }, 'reason code 0xa2; the log of the broker may say more'],
  ])('is right for %j', (reason, words) => {
    const sentence = describeClose(reason, url);
    expect(sentence).toContain(words);
    expect(sentence).toContain('mqtts://broker.example:8883');
    expect(sentence).not.toMatch(/hidden|undefined/);
  });
});
