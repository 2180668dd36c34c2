import { RESULT } from './result'

/**
 * Where a page ends that begins at the slot `slot` and the value `value`: at the first beginning of a row, or at the end, where it
 * has `maxRows` rows or at least `maxBytes` bytes of values. `definition` and `repetition` are 0 where there are no levels; the size
 * of a value is `width`, or its length and 4 where there are `offsets`. Leaves the slot, the value and the number of rows, as u32.
 */
export function pageEnd(
  definition: usize,
  maxDefinition: u32,
  repetition: usize,
  slots: u32,
  offsets: usize,
  width: u32,
  slot: u32,
  value: u32,
  maxRows: u32,
  maxBytes: u32,
): void {
  let rows: u32 = 0
  let bytes: u32 = 0
  let endSlot = slot
  let endValue = value
  for (; endSlot < slots; endSlot++) {
    if (repetition === 0 || load<u8>(repetition + endSlot) === 0) {
      if (rows === maxRows || bytes >= maxBytes) break
      rows++
    }
    if (definition === 0 || load<u8>(definition + endSlot) === maxDefinition) {
      if (offsets === 0) {
        bytes += width
      } else {
        const place = offsets + ((endValue as usize) << 2)
        bytes += 4 + load<u32>(place, 4) - load<u32>(place)
      }
      endValue++
    }
  }
  store<u32>(RESULT, endSlot)
  store<u32>(RESULT, endValue, 4)
  store<u32>(RESULT, rows, 8)
}
