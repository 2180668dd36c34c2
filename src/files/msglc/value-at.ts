import type { PathStep, Slice } from './path.ts'

/** What lies at a path of a value of type `T`: `ValueAt<{ a: number[] }, 'a/0'>` is `number`. `unknown` where the type does not say. */
export type ValueAt<T, P> = P extends string
  ? AtText<T, P>
  : P extends readonly [infer First, ...infer Rest]
    ? ValueAt<AtStep<T, First>, Rest>
    : P extends readonly []
      ? T
      : P extends readonly PathStep[]
        ? unknown
        : AtStep<T, P>

type AtText<T, P extends string> = string extends P
  ? unknown
  : P extends `${infer First}/${infer Rest}`
    ? AtText<AtText<T, First>, Rest>
    : P extends ''
      ? T
      : AtStep<T, P>

type AtStep<T, S> = T extends readonly (infer Item)[]
  ? S extends Slice | `${string}:${string}`
    ? Item[]
    : Item
  : S extends keyof T
    ? T[S]
    : unknown
