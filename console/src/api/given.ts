/** Whether something is there: what the server leaves out and what it says to be null are the same. */
export function given<T>(thing: T | null | undefined): thing is T {
  return thing !== null && thing !== undefined;
}
