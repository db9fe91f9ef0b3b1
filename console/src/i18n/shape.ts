import type { en } from './en';

/** The English words with their texts forgotten. Chinese has one form for every number, so `…_one` is English alone. */
export type Shape<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Shape<T[K]>;
};

export type Words = Shape<typeof en>;
