// Says what a first visit loads, compressed, and fails above the limit: everything up to the list with the phone beside it.
// `e2e/first-visit.test.ts` sees to it that a browser loads what is counted here and nothing else.
import { readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

export const LIMIT = 300 * 1024;
/** What the server says before each file, in bytes. */
const HEAD = 400;
/** The server compresses these, from this size on. */
const TEXT = /\.(html|js|css|svg)$/;
const WORTH_COMPRESSING = 1024;

const dist = new URL('../dist/', import.meta.url);
const all = () => readdirSync(new URL('assets/', dist)).map(name => `assets/${name}`);
const read = name => readFileSync(new URL(name, dist));

/** What this file cannot be without: what a page names, what a script imports before it runs, and what a style sheet shows. */
function needs(name) {
  if (!/\.(html|js|css)$/.test(name)) return [];
  const text = read(name).toString();
  const found = name.endsWith('.html')
    ? text.matchAll(/(?:src|href)="\/?(assets\/[^"]+)"/g)
    : name.endsWith('.js')
      ? text.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{}\s,]+?\s*from\s*)?"\.\/([^"]+)"/g)
      : text.matchAll(/url\("?\/?(?:assets\/)?([^")]+)"?\)/g);
  return [...found].map(([, one]) => (one.startsWith('assets/') ? one : `assets/${one}`));
}

/** The files that somebody loads who comes for the first time and speaks this language. */
export function firstVisit(language) {
  const words = all().filter(name => new RegExp(`^assets/${language}-[\\w-]{8}\\.js$`).test(name));
  if (words.length !== 1)
    throw new Error(`the words of ${language} are not in one file: ${words.join(', ')}`);
  const files = new Set(['index.html', ...words]);
  for (const name of files) for (const one of needs(name)) files.add(one);
  return [...files];
}

/** What comes over the line for a file. */
export function weigh(name) {
  const bytes = read(name);
  const sent = TEXT.test(name) && bytes.length >= WORTH_COMPRESSING ? gzipSync(bytes, { level: 9 }) : bytes;
  return HEAD + sent.length;
}

const kilo = bytes => `${(bytes / 1024).toFixed(1)} kB`.padStart(10);

function main() {
  const page = read('index.html').toString();
  if (/<script(?![^>]*\bsrc=)/.test(page) || /<style|\sstyle=|\son[a-z]+=/.test(page)) {
    console.error('the page has something inline, which its policy forbids');
    process.exit(1);
  }
  const visits = ['en', 'zh'].map(language => [language, firstVisit(language)]);
  const first = new Set(visits.flatMap(([, files]) => files));
  for (const name of first) console.log(`${kilo(weigh(name))}  ${name}`);
  for (const name of all().filter(name => !first.has(name)))
    console.log(`${kilo(weigh(name))}  ${name} (later)`);
  for (const [language, files] of visits) {
    const sum = files.reduce((sum, name) => sum + weigh(name), 0);
    console.log(`${kilo(sum)}  first visit in ${language}, gzip, of ${kilo(LIMIT).trim()}`);
    if (sum > LIMIT) {
      console.error('the first visit is too heavy');
      process.exitCode = 1;
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
