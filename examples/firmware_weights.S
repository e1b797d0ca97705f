/* The packed weights as two symbols, packed_weights and packed_weights_end, in read-only memory.
   PACKED_WEIGHTS is the file's name in quotes. */
        .section .rodata
        .balign 64
        .global packed_weights
packed_weights:
        .incbin PACKED_WEIGHTS
        .global packed_weights_end
packed_weights_end:
#if defined(__ELF__) && !defined(__arm__)
        .section .note.GNU-stack,"",@progbits
#elif defined(__ELF__)
        .section .note.GNU-stack,"",%progbits
#endif
