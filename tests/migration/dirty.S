/* SPDX-License-Identifier: MIT */
/*
 * A guest that is nothing but memory which becomes dirty: it boots at once, by
 * multiboot, and writes a word to each of PAGES pages, over and over, with SPIN turns of
 * an empty loop after each. Every EVERY pages, a power of 2, it writes a byte to its
 * serial port: who sees that knows that it runs.
 */
#define MAGIC	0x1badb002
#define MEMORY	0x1000000
#define SERIAL	0x3f8

	.code32
	.text
	.align	4
	.long	MAGIC, 0, -MAGIC
	.globl	_start
_start:
	cli
	xor	%ebx, %ebx
sweep:
	inc	%ebx
	mov	$MEMORY, %edi
	mov	$PAGES, %esi
page:
	mov	%ebx, (%edi)
	mov	$SPIN, %ecx
spin:
	dec	%ecx
	jnz	spin
	test	$(EVERY - 1), %esi
	jnz	silent
	mov	$SERIAL, %dx
	mov	%bl, %al
	out	%al, %dx
silent:
	add	$4096, %edi
	dec	%esi
	jnz	page
	jmp	sweep
