/** Made by `scripts/number-formats.ts`: for each country code how its numbers are written. */
declare module 'virtual:number-formats' {
  const formats: Readonly<
    Record<string, readonly (readonly [pattern: string, shown: string, begins: string])[]>
  >;
  export default formats;
}
