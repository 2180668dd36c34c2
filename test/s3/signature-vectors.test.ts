/** AWS's own vectors for version 4 of the signature, stage by stage, against the signer that src/s3/sign.ts stands on. */
import { readFileSync } from 'node:fs'
import { AwsV4Signer } from 'aws4fetch'
import { expect, test } from 'vitest'

const { vectors, accessKeyId, secretAccessKey, region, service, date } = JSON.parse(
  readFileSync(new URL('../fixtures/aws-sigv4-vectors.json', import.meta.url), 'utf8'),
) as {
  vectors: {
    name: string
    request: string
    canonicalRequest: string
    stringToSign: string
    authorization: string
  }[]
  accessKeyId: string
  secretAccessKey: string
  region: string
  service: string
  date: string
}

test('all 31 are there', () => {
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(31)
})

test.each(vectors)('$name', async ({ request, canonicalRequest, stringToSign, authorization }) => {
  const signer = new AwsV4Signer({
    ...parse(request),
    accessKeyId,
    secretAccessKey,
    region,
    service,
    datetime: date,
    // The vectors sign every header, and escape a path once; S3's rules (no normalised paths) are another service's.
    allHeaders: true,
    singleEncode: true,
  })
  expect(await signer.canonicalString()).toBe(canonicalRequest)
  expect(await signer.stringToSign()).toBe(stringToSign)
  expect(await signer.authHeader()).toBe(authorization)
})

/** The text of an HTTP request, read as RFC 9110 has it: a repeated header is a list, a folded line a space. */
function parse(text: string): { method: string; url: string; headers: Headers; body?: string } {
  const [head = '', body] = text.split('\n\n')
  const [line = '', ...fields] = head.replace(/\n[ \t]+/g, ' ').split('\n')
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(line) ?? []
  const values = new Map<string, string>()
  for (const field of fields) {
    const name = field.slice(0, field.indexOf(':')).toLowerCase()
    const value = field.slice(name.length + 1).trim()
    values.set(name, values.has(name) ? `${values.get(name)},${value}` : value)
  }
  const url = `https://${values.get('host')}${target}`
  values.delete('host')
  return { method, url, headers: new Headers([...values]), ...(body ? { body } : {}) }
}
