// Says what a first visit loads, compressed, and fails above the limit.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 300 * 1024;
const dist = new URL('../dist/', import.meta.url);
const page = readFileSync(new URL('index.html', dist), 'utf8');
if (/<script(?![^>]*\bsrc=)/.test(page) || /<style|\sstyle=|\son[a-z]+=/.test(page)) {
  console.error('the page has something inline, which its policy forbids');
  process.exit(1);
}
// The list is what whoever signs in sees first, so its files count as well.
const list = readdirSync(new URL('assets/', dist)).filter(name => /^pages-.*\.(js|css)$/.test(name));
const first = [...page.matchAll(/(?:src|href)="\/?(assets\/[^"]+\.(?:js|css))"/g)]
  .map(match => match[1])
  .concat(list.map(name => `assets/${name}`));
const weigh = name => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;
const total = first.map(name => [name, weigh(name)]);
const sum = total.reduce((all, [, bytes]) => all + bytes, 0);
const kilo = bytes => `${(bytes / 1024).toFixed(1)} kB`;
for (const [name, bytes] of total) console.log(`${kilo(bytes).padStart(10)}  ${name}`);
const later = readdirSync(new URL('assets/', dist))
  .filter(name => /\.(js|css)$/.test(name))
  .map(name => `assets/${name}`);
for (const name of later.filter(name => !first.includes(name)))
  console.log(`${kilo(weigh(name)).padStart(10)}  ${name} (later)`);
console.log(`${kilo(sum).padStart(10)}  first visit, gzip, of ${kilo(LIMIT)}`);
if (sum > LIMIT) {
  console.error('the first visit is too heavy');
  process.exit(1);
}
