import { laneId } from '../../core/lane.ts'
import type { ManifestFile } from '../manifest/manifest.ts'

/**
 * Files that can be one: at least two, of one lane and one run, each beginning where the one before ends, and together no larger than
 * the target.
 */
export function groupsOf(
  files: readonly ManifestFile[],
  targetBytes: number,
): readonly (readonly ManifestFile[])[] {
  const byLane = new Map<string, ManifestFile[]>()
  for (const file of files) {
    const word = laneId(file.lane)
    const lane = byLane.get(word)
    if (lane) lane.push(file)
    else byLane.set(word, [file])
  }
  return [...byLane.values()].flatMap((lane) => groupsOfLane(lane, targetBytes))
}

function groupsOfLane(lane: readonly ManifestFile[], targetBytes: number): ManifestFile[][] {
  const groups: ManifestFile[][] = []
  let bytes = 0
  for (const file of [...lane].sort((a, b) => a.begin - b.begin)) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    const fits = last?.end === file.begin && last.run === file.run
    if (group && fits && bytes + file.bytes <= targetBytes) {
      group.push(file)
      bytes += file.bytes
    } else {
      groups.push([file])
      bytes = file.bytes
    }
  }
  return groups.filter(({ length }) => length > 1)
}
