import { create, element } from './element.ts'
import type { Stream } from './streams.ts'

/** What a format is good for, by the first part of its name: `csv.gz` is a CSV. */
const ABOUT: Readonly<Record<string, { readonly name: string; readonly note: string }>> = {
  parquet: { name: 'Parquet', note: 'Typed columns, small; for DuckDB, Spark and the like' },
  csv: { name: 'CSV', note: 'One table of text; opens anywhere' },
  jsonl: { name: 'JSONL', note: 'One JSON object on each line; keeps nested data' },
}

/** Offers the streams by the format of their files. */
export function showFormats(streams: readonly Stream[]): void {
  const choices = streams.map((stream, index) => {
    const [format = '', packed] = stream.format.split('.')
    const about = ABOUT[format]
    const name = (about?.name ?? format) + (packed === 'gz' ? ', gzip' : '')
    return create(
      'label',
      { className: 'choice' },
      create('input', { type: 'radio', name: 'stream', value: stream.name, checked: index === 0 }),
      create('strong', {}, name),
      create('span', { className: 'muted' }, about?.note ?? ''),
    )
  })
  element('formats', HTMLElement).replaceChildren(...choices)
}

/** The name of the stream that is chosen. */
export function chosenStream(): string {
  const value = new FormData(element('send', HTMLFormElement)).get('stream')
  return typeof value === 'string' ? value : ''
}
