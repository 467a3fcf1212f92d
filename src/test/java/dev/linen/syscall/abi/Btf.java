package dev.linen.syscall.abi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The BPF Type Format: the types of the running kernel ({@code /sys/kernel/btf/vmlinux}), or those of an object file
 * that was compiled with {@code -gbtf}.
 *
 * @see <a href="https://docs.kernel.org/bpf/btf.html">BPF Type Format</a>
 */
final class Btf {

    private static final int MAGIC = 0xeb9f;
    private static final int INT = 1;
    private static final int PTR = 2;
    private static final int ARRAY = 3;
    private static final int STRUCT = 4;
    private static final int UNION = 5;
    private static final int ENUM = 6;
    private static final int TYPEDEF = 8;
    private static final int RESTRICT = 11;
    private static final int FUNC_PROTO = 13;
    private static final int VAR = 14;
    private static final int DATASEC = 15;
    private static final int DECL_TAG = 17;
    private static final int TYPE_TAG = 18;
    private static final int ENUM64 = 19;

    private final ByteBuffer bytes;
    private final int strings;

    /** Where each type begins; 0, which is void, has none. */
    private final List<Integer> types = new ArrayList<>(List.of(0));

    private final Map<String, Integer> structs = new HashMap<>();

    /**
     * A member of a struct.
     *
     * @param bits its distance from the struct's start, in bits
     * @param width its bits, if it is a bit field; otherwise 0
     * @param type the number of its type
     */
    record Member(String name, int bits, int width, int type) {}

    private Btf(ByteBuffer bytes) {
        this.bytes = bytes;
        if (Short.toUnsignedInt(bytes.getShort(0)) != MAGIC) {
            throw new IllegalArgumentException("no BTF");
        }
        int header = bytes.getInt(4);
        strings = header + bytes.getInt(16);
        int end = header + bytes.getInt(8) + bytes.getInt(12);
        for (int at = header + bytes.getInt(8); at < end; at += size(at)) {
            types.add(at);
        }
        for (int type = 1; type < types.size(); type++) {
            if (kind(type) == STRUCT || kind(type) == UNION) {
                structs.putIfAbsent(name(type), type);
            }
        }
    }

    /** Reads a file of nothing but BTF. */
    static Btf of(byte[] bytes) {
        return new Btf(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** Returns a section of a 64-bit ELF file. */
    static byte[] section(Path file, String name) throws IOException {
        ByteBuffer elf = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) elf.getLong(0x28);
        int size = elf.getShort(0x3a);
        int names = (int) elf.getLong(headers + elf.getShort(0x3e) * size + 0x18);
        for (int i = 0; i < elf.getShort(0x3c); i++) {
            int header = headers + i * size;
            if (text(elf, names + elf.getInt(header)).equals(name)) {
                byte[] section = new byte[(int) elf.getLong(header + 0x20)];
                elf.get((int) elf.getLong(header + 0x18), section);
                return section;
            }
        }
        throw new IllegalArgumentException(file + " has no section " + name);
    }

    private int size(int at) {
        int count = bytes.getInt(at + 4) & 0xffff;
        return 12 + switch (bytes.getInt(at + 4) >>> 24 & 0x1f) {
            case INT, VAR, DECL_TAG -> 4;
            case ARRAY -> 12;
            case STRUCT, UNION, DATASEC, ENUM64 -> 12 * count;
            case ENUM, FUNC_PROTO -> 8 * count;
            default -> 0;
        };
    }

    private int info(int type) {
        return bytes.getInt(types.get(type) + 4);
    }

    private int kind(int type) {
        return type == 0 ? 0 : info(type) >>> 24 & 0x1f;
    }

    /** A struct's or enum's size, or what a pointer or typedef refers to. */
    private int sizeOrType(int type) {
        return bytes.getInt(types.get(type) + 8);
    }

    private String name(int type) {
        return string(bytes.getInt(types.get(type)));
    }

    private String string(int offset) {
        return text(bytes, strings + offset);
    }

    private static String text(ByteBuffer bytes, int start) {
        int end = start;
        while (bytes.get(end) != 0) {
            end++;
        }
        return new String(bytes.array(), start, end - start, StandardCharsets.UTF_8);
    }

    /** Returns the type behind typedefs and qualifiers. */
    int resolved(int type) {
        int at = type;
        while (kind(at) >= TYPEDEF && kind(at) <= RESTRICT || kind(at) == TYPE_TAG) {
            at = sizeOrType(at);
        }
        return at;
    }

    /** Returns the number of the struct or union with a tag. */
    Optional<Integer> struct(String tag) {
        return Optional.ofNullable(structs.get(tag));
    }

    /** Returns a struct's tag; empty if it has none, or if the type is no struct. */
    String tag(int type) {
        return isStruct(type) ? name(resolved(type)) : "";
    }

    boolean isStruct(int type) {
        return kind(resolved(type)) == STRUCT || kind(resolved(type)) == UNION;
    }

    int bytes(int type) {
        int resolved = resolved(type);
        return switch (kind(resolved)) {
            case PTR -> Long.BYTES;
            case ARRAY -> bytes(bytes.getInt(types.get(resolved) + 12)) * elements(resolved);
            default -> sizeOrType(resolved);
        };
    }

    private int elements(int array) {
        return bytes.getInt(types.get(array) + 20);
    }

    /** Returns the alignment of a type; that of its largest part, as on all 64-bit CPUs. */
    int alignment(int type) {
        int resolved = resolved(type);
        return switch (kind(resolved)) {
            case ARRAY -> alignment(bytes.getInt(types.get(resolved) + 12));
            case STRUCT, UNION -> members(resolved).stream().mapToInt(member -> alignment(member.type)).max().orElse(1);
            default -> bytes(resolved);
        };
    }

    /** Returns a struct's members; those of an anonymous struct or union are the outer one's, as in C. */
    List<Member> members(int struct) {
        int resolved = resolved(struct);
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < (info(resolved) & 0xffff); i++) {
            int at = types.get(resolved) + 12 + 12 * i;
            int offset = bytes.getInt(at + 8);
            boolean hasWidths = info(resolved) < 0;
            Member member = new Member(string(bytes.getInt(at)), hasWidths ? offset & 0xffffff : offset,
                    hasWidths ? offset >>> 24 : 0, bytes.getInt(at + 4));
            if (member.name.isEmpty() && isStruct(member.type)) {
                for (Member inner : members(member.type)) {
                    members.add(new Member(inner.name, member.bits + inner.bits, inner.width, inner.type));
                }
            } else {
                members.add(member);
            }
        }
        return members;
    }

    /** Returns the member at a path from a struct: {@code _sifields._kill._pid}. */
    Optional<Member> member(int struct, String path) {
        String[] parts = path.split("\\.", 2);
        for (Member member : members(struct)) {
            if (member.name.equals(parts[0])) {
                return parts.length == 1
                        ? Optional.of(member)
                        : member(member.type, parts[1]).map(inner -> new Member(path, member.bits + inner.bits,
                                inner.width, inner.type));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns a type in short: {@code u32}, {@code be16} in network byte order, {@code ptr}, {@code char[16]},
     * {@code u32[3]}, <code>{tag}</code> for a struct, {@code [24]} for bytes of any other kind.
     */
    String shortName(int type) {
        for (int at = type; kind(at) >= TYPEDEF && kind(at) <= RESTRICT; at = sizeOrType(at)) {
            if (name(at).matches("__be(16|32)")) {
                return name(at).substring(2);
            }
        }
        int resolved = resolved(type);
        int size = bytes(resolved);
        return switch (kind(resolved)) {
            case INT -> name(resolved).equals("char") ? "char" : (isSigned(resolved) ? "s" : "u") + size * 8;
            case ENUM, ENUM64 -> "u" + size * 8;
            case PTR -> "ptr";
            case STRUCT, UNION -> name(resolved).isEmpty() ? "[" + size + "]" : "{" + name(resolved) + "}";
            case ARRAY -> {
                String element = shortName(bytes.getInt(types.get(resolved) + 12));
                int count = elements(resolved);
                yield element.matches("[a-z0-9]+")
                        ? element + "[" + (count == 0 ? "" : count) + "]"
                        : "[" + (size == 0 ? "" : size) + "]";
            }
            default -> "[" + size + "]";
        };
    }

    private boolean isSigned(int integer) {
        return (bytes.getInt(types.get(integer) + 12) >>> 24 & 1) != 0;
    }

    /** Returns the names in all enums. */
    List<String> enumerators() {
        List<String> names = new ArrayList<>();
        for (int type = 1; type < types.size(); type++) {
            if (kind(type) == ENUM || kind(type) == ENUM64) {
                int width = kind(type) == ENUM ? 8 : 12;
                for (int i = 0; i < (info(type) & 0xffff); i++) {
                    names.add(string(bytes.getInt(types.get(type) + 12 + width * i)));
                }
            }
        }
        return names;
    }
}
