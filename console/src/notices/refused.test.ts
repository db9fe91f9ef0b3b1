import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure, type FailureBody } from '@/api';
import { spoken } from '@/i18n';
import { failureOf } from '@/api/failure';
import { numberWords, refusedWords } from './refused';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

const refusal = (code: string, message = 'in the words of the server') =>
  new Failure(409, { code, message } as FailureBody);

/** The sentences of an enum of problems. */
function sentences(source: string, name: string): string[] {
  const body = source.slice(source.indexOf(`pub enum ${name} {`));
  const all = body.slice(0, body.indexOf('\n}')).matchAll(/#\[error\("([^"]+)"\)\]/g);
  return [...all].map(([, sentence]) => (sentence ?? '').replace('{0}', 'x'));
}

afterEach(() => spoken.turnTo('en'));

describe('in Chinese', () => {
  const chinese = /^[^A-Za-z]*$/;

  it('every refusal of the desk is said in words of the page', async () => {
    spoken.turnTo('zh');
    const codes = [...read('../../../crates/server/src/desk/refusals.rs').matchAll(/"([a-z_]+)"/g)].map(
      found => found[1] ?? '',
    );
    const words = codes
      .filter(code => code !== 'disposition')
      .map(code => [code, refusedWords(refusal(code))]);
    expect(words.length).toBeGreaterThan(35);
    for (const [code, said] of words) expect([code, said]).toEqual([code, expect.stringMatching(chinese)]);
  });

  it('so is what is wrong with a number', async () => {
    spoken.turnTo('zh');
    const all = [
      ...sentences(read('../../../crates/core/src/numbers/rules.rs'), 'NumberProblem'),
      ...sentences(read('../../../crates/model/src/number.rs'), 'InvalidNumber'),
    ];
    expect(all.length).toBeGreaterThan(14);
    for (const sentence of all)
      expect([sentence, numberWords(sentence)]).toEqual([sentence, expect.stringMatching(chinese)]);
    expect(refusedWords(refusal('invalid', 'it is a short service number'))).toBe('这是运营商的短号。');
  });

  it('so is a server that is not there', async () => {
    spoken.turnTo('zh');
    const bad = failureOf(
      new Response('<html>Bad Gateway</html>', { status: 502 }),
      '<html>Bad Gateway</html>',
    );
    expect(refusedWords(bad)).toBe('服务器暂时不在，稍后再试。');
    expect(refusedWords(Failure.unreachable())).toBe('未连接服务器，没有任何改变。');
  });
});

it('says in the words of the server what the page has no words for', () => {
  expect(refusedWords(refusal('invalid', 'write a name of 1 to 120 characters'))).toMatch(/^write a name/);
  expect(refusedWords(new Error('of a kind of its own'))).toBe('of a kind of its own');
});
