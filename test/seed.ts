import * as fc from 'fast-check'

/** Properties try the same cases everywhere and every time; SLUICE_SEED tries others. */
fc.configureGlobal({ seed: Number(process.env.SLUICE_SEED ?? 20_261_121) })
