import formats from 'virtual:number-formats';

/** The longest country code, in digits. */
const LONGEST_CODE = 3;
/** With fewer digits after the code there is nothing to group. */
const SHORTEST = 2;
const LONGEST = 17;

interface Format {
  whole: RegExp;
  shown: string;
  begins: RegExp;
}

const ready = new Map<string, readonly Format[]>();

function formatsOf(code: string): readonly Format[] {
  let known = ready.get(code);
  if (known === undefined) {
    known = (formats[code] ?? []).map(([pattern, shown, begins]) => ({
      whole: new RegExp(`^(?:${pattern})$`),
      shown,
      begins: new RegExp(`^(?:${begins})`),
    }));
    ready.set(code, known);
  }
  return known;
}

/** A number with its country code, as `+8613800138000`, in the groups in which people of its country read it. */
export function grouped(number: string): string {
  if (!/^\+\d+$/.test(number)) return number;
  for (let length = 1; length <= LONGEST_CODE; length += 1) {
    const code = number.slice(1, 1 + length);
    if (!(code in formats)) continue;
    const rest = number.slice(1 + length);
    if (rest.length < SHORTEST || rest.length > LONGEST) return number;
    const format = formatsOf(code).find(({ whole, begins }) => begins.test(rest) && whole.test(rest));
    return `+${code} ${format === undefined ? rest : rest.replace(format.whole, format.shown)}`;
  }
  return number;
}
