package stores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.function.UnaryOperator;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lucene's index: a commit makes documents durable. Without one of its two syncs it doesn't. */
class LuceneTest {

    @TempDir
    private Path folder;

    @Test
    void powerCut_afterCommits_losesNothingOnExt4() {
        PowerCut<Integer> run = record(directory -> directory);
        Outcomes ext4 = new Outcomes("Lucene", run, DiskModel.EXT4, LuceneTest::count);

        assertEquals(0, ext4.lost + ext4.damaged);
        new Outcomes("Lucene", run, DiskModel.POSIX, LuceneTest::count);
    }

    @Test
    void powerCut_withoutSyncMetaData_isFound() {
        Outcomes found = new Outcomes("Lucene without syncMetaData", record(WithoutMetaData::new), DiskModel.POSIX,
                LuceneTest::count);

        assertTrue(found.lost + found.damaged > 100, "lost " + found.lost);
    }

    @Test
    void powerCut_withoutSync_isFound() {
        Outcomes found = new Outcomes("Lucene without sync", record(WithoutSync::new), DiskModel.POSIX,
                LuceneTest::count);

        assertTrue(found.damaged > 100, "damaged " + found.damaged);
    }

    private static final class WithoutMetaData extends FilterDirectory {

        WithoutMetaData(Directory in) {
            super(in);
        }

        @Override
        public void syncMetaData() {}
    }

    private static final class WithoutSync extends FilterDirectory {

        WithoutSync(Directory in) {
            super(in);
        }

        @Override
        public void sync(Collection<String> names) {}
    }

    private PowerCut<Integer> record(UnaryOperator<Directory> changed) {
        return PowerCut.record(folder, acks -> {
            // Merges on threads of their own would make each run different.
            IndexWriterConfig config = new IndexWriterConfig().setMergeScheduler(new SerialMergeScheduler());
            try (Directory directory = changed.apply(new NIOFSDirectory(folder));
                    IndexWriter writer = new IndexWriter(directory, config)) {
                writer.commit();
                acks.now(0);
                for (int i = 1; i <= 12; i++) {
                    Document document = new Document();
                    document.add(new StringField("id", Integer.toString(i), Field.Store.YES));
                    writer.addDocument(document);
                    writer.commit();
                    acks.now(i);
                }
            }
        });
    }

    private static int count(Path folder) throws IOException {
        try (Directory directory = new NIOFSDirectory(folder);
                DirectoryReader reader = DirectoryReader.open(directory)) {
            for (int i = 0; i < reader.maxDoc(); i++) {
                reader.storedFields().document(i);
            }
            return reader.numDocs();
        }
    }
}
