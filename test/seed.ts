import * as fc from 'fast-check'

/** Properties try the same cases everywhere and every time, of every size that they allow; SLUICE_SEED tries others. */
fc.configureGlobal({
  seed: Number(process.env.SLUICE_SEED ?? 20_261_121),
  // Else a `maxLength` of a hundred makes no more than ten.
  defaultSizeToMaxWhenMaxSpecified: true,
})
