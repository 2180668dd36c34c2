/** Where a kernel leaves what it has to say besides the number that it returns. */
export const RESULT: usize = memory.data(64, 16)
