import type { Schema, StandardSchemaLike } from '../../contracts/index.ts'
import { SluiceError } from '../errors.ts'
import { schemaOfJsonSchema } from './schema-of-json-schema.ts'

/**
 * The part of Standard JSON Schema that Sluice calls. zod (from 4.2 on) and arktype (from 2.2 on) bring it; valibot does in
 * `toStandardJsonSchema` of `@valibot/to-json-schema`.
 * @see https://standardschema.dev/json-schema
 */
export interface StandardJsonSchemaLike {
  readonly '~standard': {
    readonly jsonSchema: {
      readonly output: (options: {
        readonly target: 'draft-2020-12'
        readonly libraryOptions?: Record<string, unknown>
      }) => Record<string, unknown>
    }
  }
}

/**
 * The columns of what a validator gives out: see `schemaOfJsonSchema`. A `Date` is a `timestamp`; what has no JSON Schema, such as a
 * transformation that says nothing of its result, is `json`.
 *
 * Errors: `not-supported` where the validator cannot say what it gives out, `invalid-options` where that is no object.
 */
export function schemaOf(validator: StandardJsonSchemaLike): Schema {
  const { jsonSchema } = validator['~standard']
  let output: unknown
  try {
    output = jsonSchema.output({ target: 'draft-2020-12', libraryOptions: LIBRARY_OPTIONS })
  } catch (cause) {
    throw new SluiceError('not-supported', 'The validator has no JSON Schema for its output', {
      cause,
    })
  }
  return schemaOfJsonSchema(output)
}

export function saysColumns(
  validator: StandardSchemaLike,
): validator is StandardSchemaLike & StandardJsonSchemaLike {
  const { jsonSchema } = validator['~standard'] as Partial<StandardJsonSchemaLike['~standard']>
  return typeof jsonSchema?.output === 'function'
}

const MOMENT = { type: 'string', format: 'date-time' }

/** Each library passes over those of the others. Without them one column that JSON has no word for would hide all. */
const LIBRARY_OPTIONS = {
  // zod: https://zod.dev/json-schema
  unrepresentable: 'any',
  override({ zodSchema, jsonSchema }: ZodContext): void {
    if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, MOMENT)
  },
  // arktype: https://arktype.io/docs/configuration#tojsonschema
  fallback: { date: () => MOMENT, default: ({ base }: { base: unknown }) => base },
  // valibot: https://github.com/open-circle/valibot/tree/main/packages/to-json-schema
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema }: { valibotSchema: { type: string } }) =>
    valibotSchema.type === 'date' ? MOMENT : undefined,
  overrideAction: ({ valibotAction }: { valibotAction: { kind: string } }) =>
    valibotAction.kind === 'transformation' ? {} : undefined,
}

interface ZodContext {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly type: string } } }
  readonly jsonSchema: object
}
