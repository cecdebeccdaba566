import { describe, expect, it } from 'vitest';
import { failed, ok, skipped, some, warning } from '../../doctor/row.ts';
import { isWell, renderTable } from '../../doctor/table.ts';

const plain = { width: 60, colours: false };

describe('the table', () => {
  it('has a sign in each row, the remedy below a cross, and the totals at the end', () => {
    expect(
      renderTable(
        [
          ok({ check: 'broker' }, 'connected'),
          warning({ check: 'account' }, '6 days left', 'make a new one'),
          failed({ check: 'button', subject: 'main' }, 'selects nothing', 'correct select'),
          skipped({ check: 'state' }, 'not checked'),
        ],
        plain,
      ),
    ).toBe(
      [
        '✓ broker       connected',
        '! account      6 days left',
        '               → make a new one',
        '✗ button main  selects nothing',
        '               → correct select',
        '– state        not checked',
        '',
        '1 must be fixed, 1 to look at, 1 not checked',
      ].join('\n'),
    );
  });

  it('wraps at spaces, and keeps a long word in one piece', () => {
    const text = renderTable([ok({ check: 'broker' }, `one two three four five ${'x'.repeat(50)}`)], {
      width: 30,
      colours: false,
    });
    expect(text.split('\n').slice(0, 2)).toEqual([
      '✓ broker  one two three four five',
      `          ${'x'.repeat(50)}`,
    ]);
  });

  it('keeps the layout of an example in a remedy', () => {
    const text = renderTable(
      [failed({ check: 'broker' }, 'is missing', 'write\n\n     a:\n       b: 1')],
      plain,
    );
    expect(text.split('\n').slice(1, 5)).toEqual([
      '          → write',
      '',
      '            a:',
      '              b: 1',
    ]);
  });

  it('keeps control characters in foreign texts from controlling the terminal', () => {
    const text = renderTable([ok({ check: 'argocd' }, 'version \u001B[2J\u009B1m\u2028a\nb')], plain);
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028]/);
  });

  it('reports success unless a row has a cross', () => {
    const row = { check: 'broker' } as const;
    expect(isWell([ok(row, ''), warning(row, '', ''), skipped(row, '')])).toBe(true);
    expect(isWell([ok(row, ''), failed(row, '', '')])).toBe(false);
  });
});

it('names only some of many', () => {
  expect(some(['a', 'b'], 2)).toBe('a, b');
  expect(some(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
});
