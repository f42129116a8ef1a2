"""A sidecar of darktable, and what tests ask of a folder of such."""

from hdrkit.sidecars.xmp import rating_edit

FOREIGN = (
    b'\xef\xbb\xbf<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\r\n'
    b'<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:history_end="4">\r\n'
    b"<darktable:history><rdf:Seq/></darktable:history></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rated(number: int) -> bytes:
    return rating_edit(FOREIGN, number).apply(FOREIGN)
