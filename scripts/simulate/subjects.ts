/** What is simulated, by the name that it has on the command line. */
export type Subject = 'sinks' | 'bytewax'

/** The function that does it, and its file below src/. */
export const SUBJECTS: Readonly<Record<Subject, { readonly file: string; readonly name: string }>> =
  {
    sinks: { file: 'testing/simulator/simulate.ts', name: 'simulate' },
    bytewax: { file: 'testing/simulator/bytewax/simulate-runs.ts', name: 'simulateRuns' },
  }
