/* SPDX-License-Identifier: MIT */
/*
 * XML as libvirt writes it, piece by piece, without memory of its own.
 *
 * It is strict: what is opened is closed, in order, and whatever it does not know
 * (document types, other encodings) is an error. What is in it may be anything: names
 * and values are given out only where they fit.
 */
#ifndef VMSYNC_LIBVIRT_XML_H
#define VMSYNC_LIBVIRT_XML_H

#include <stdbool.h>
#include <stddef.h>

#define VMSYNC_XML_DEPTH 64

enum vmsync_xml_piece {
	VMSYNC_XML_END,
	VMSYNC_XML_OPEN,	/* <a b="c"> */
	VMSYNC_XML_CLOSE,	/* </a>, and after each <a/> */
	VMSYNC_XML_TEXT,
	VMSYNC_XML_BAD,
};

/** struct vmsync_xml_slice - a part of the text */
struct vmsync_xml_slice {
	const char *p;
	size_t n;
};

/**
 * struct vmsync_xml - where one is in a text
 * @p, @end:	what is left
 * @stack, @depth: elements that are open; at a piece CLOSE the closed one too
 * @attrs:	of the element just opened, as they are written
 * @text:	of a piece TEXT, as it is written
 */
struct vmsync_xml {
	const char *p;
	const char *end;
	struct vmsync_xml_slice stack[VMSYNC_XML_DEPTH];
	size_t depth;
	struct vmsync_xml_slice attrs;
	struct vmsync_xml_slice text;
	bool empty;	/* the element just opened closes by itself */
	bool closed;	/* the last one of @stack was closed */
	bool cdata;	/* @text is what it says, nothing stands for anything */
	bool seen;	/* there was an element */
};

/** vmsync_xml_init() - @text of @n bytes stays while @x is used */
void vmsync_xml_init(struct vmsync_xml *x, const char *text, size_t n);

/** vmsync_xml_next() - the next piece */
enum vmsync_xml_piece vmsync_xml_next(struct vmsync_xml *x);

/** vmsync_xml_is() - the open elements are "a/b/c", from number @from on */
bool vmsync_xml_is(const struct vmsync_xml *x, size_t from, const char *path);

/**
 * vmsync_xml_attr() - an attribute of the element just opened
 * Return: it was there, could be read, and fits @size with a NUL; else @out is "".
 */
bool vmsync_xml_attr(const struct vmsync_xml *x, const char *name, char *out,
		     size_t size);

/** vmsync_xml_text() - a piece TEXT; as vmsync_xml_attr() */
bool vmsync_xml_text(const struct vmsync_xml *x, char *out, size_t size);

#endif /* VMSYNC_LIBVIRT_XML_H */
